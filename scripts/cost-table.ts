// An estimate as the tables of docs/cost.md.

import type { Estimate } from './cost-model.ts';

const AMOUNTS = {
  tableRequests: 'Table requests',
  graphRequests: 'Requests to Microsoft Graph',
  messages: 'Service Bus messages',
  executions: 'Executions',
  logGigabytes: 'Logs, GB',
} as const satisfies Record<keyof Estimate['amounts'], string>;

export function costTable({ amounts, costs, total }: Estimate): string {
  const amountRows = Object.entries(AMOUNTS).map(([name, label]) =>
    row(label, rounded(amounts[name as keyof typeof AMOUNTS])),
  );
  const costRows = Object.entries(costs).map(([label, cost]) => row(label, cost.toFixed(2)));
  return [
    row('a month', 'amount'),
    '| --- | ---: |',
    ...amountRows,
    '',
    row('a month', 'US$'),
    '| --- | ---: |',
    ...costRows,
    row('**together**', `**${total.toFixed(2)}**`),
  ].join('\n');
}

function row(...cells: string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function rounded(amount: number): string {
  return amount < 100 ? amount.toFixed(1) : Math.round(amount).toLocaleString('en-US');
}
