// `npm run cost [-- --devices 25000 …]`: what a deployment costs a month, with your numbers and your prices.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { EXAMPLE_LOAD, EXAMPLE_PRICES, type Load, type Prices } from '../scripts/cost-example.ts';
import { estimateCost } from '../scripts/cost-model.ts';
import { costTable } from '../scripts/cost-table.ts';

const NAMES = Object.keys(EXAMPLE_LOAD) as (keyof Load)[];
const USAGE = `Usage: npm run cost -- [--prices <file.json>] [--<number of the load> <value>]...

The load: ${NAMES.join(', ')}
The prices: a JSON file with any of ${Object.keys(EXAMPLE_PRICES).join(', ')}`;

try {
  const options = Object.fromEntries([...NAMES, 'prices'].map((name) => [name, { type: 'string' as const }]));
  const { values } = parseArgs({ options });
  const { prices: pricesFile, ...given } = values;
  const load = {
    ...EXAMPLE_LOAD,
    ...Object.fromEntries(Object.entries(given).map(([name, text]) => [name, number(name, text)])),
  };
  const prices: Prices = {
    ...EXAMPLE_PRICES,
    ...(pricesFile ? JSON.parse(readFileSync(String(pricesFile), 'utf8')) : {}),
  };
  console.log(costTable(estimateCost({ ...load, privateEndpoints: Boolean(load.privateEndpoints) }, prices)));
} catch (thrown) {
  console.error(thrown instanceof Error ? `${thrown.message}\n\n${USAGE}` : thrown);
  process.exitCode = 1;
}

function number(name: string, text: unknown): number {
  if (text === 'true' || text === 'false') return Number(text === 'true');
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number, not "${text}"`);
  return value;
}
