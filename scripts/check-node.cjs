// Runs first in every npm script, on whatever Node the machine has: this project needs the Node 24 that `npm ci`
// installs.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    [
      `This project needs Node.js 24 or newer; this is ${process.version} (${process.execPath}).`,
      'It is installed into node_modules by the npm package "node", whose install script must be allowed to run:',
      '  npm ci                       (package.json names it under "allowScripts")',
      '  npm rebuild node             (if scripts were blocked by "ignore-scripts": npm rebuild node --ignore-scripts=false)',
      'Or put a Node.js 24 of your own first on PATH.',
    ].join('\n'),
  );
  process.exit(1);
}
