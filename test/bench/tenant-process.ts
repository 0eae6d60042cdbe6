// The simulated tenant in a process of its own. Argument: size of the fleet. A message says what is to change there.

import { startIntuneTenant } from '../../local/intune-tenant/intune-tenant.ts';

export type TenantChange =
  /** So many devices turn, spread over the fleet. */
  | { readonly turn: number }
  /** Each page of devices is only given after so many milliseconds. */
  | { readonly pageDelayMs: number };

const size = Number(process.argv[2]);
const tenant = await startIntuneTenant({ fleetSize: size });
process.on('message', (change: TenantChange) => {
  if ('turn' in change) turn(change.turn);
  else tenant.script({ target: 'page', delayMs: change.pageDelayMs, times: 1_000_000 });
  process.send?.('changed');
});
process.on('disconnect', () => process.exit());

function turn(count: number): void {
  for (let turned = 0; turned < count; turned++) {
    const number = String(Math.floor((turned * size) / count) + 1).padStart(5, '0');
    const { complianceState } = tenant.fleet.get(`NAC-${number}`);
    tenant.fleet.patch(`NAC-${number}`, {
      complianceState: complianceState === 'compliant' ? 'noncompliant' : 'compliant',
    });
  }
}

const { tenantId, clientId, clientSecret, authorityHost, graphUrl, caPem } = tenant;
process.send?.({ tenantId, clientId, clientSecret, authorityHost, graphUrl, caPem });
