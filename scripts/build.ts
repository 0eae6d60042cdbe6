// `npm run build`: makes dist/functions.cjs.

import { buildFunctionApp } from './build-function-app.ts';

console.log(`built ${await buildFunctionApp()}`);
