// The simulated tenant in a process of its own. Argument: size of the fleet. A message with a number has that many devices
// turn noncompliant, spread over the fleet.

import { startIntuneTenant } from '../../local/intune-tenant/intune-tenant.ts';

const size = Number(process.argv[2]);
const tenant = await startIntuneTenant({ fleetSize: size });
process.on('message', (count: number) => {
  for (let turned = 0; turned < count; turned++) {
    const number = String(Math.floor((turned * size) / count) + 1).padStart(5, '0');
    const { complianceState } = tenant.fleet.get(`NAC-${number}`);
    tenant.fleet.patch(`NAC-${number}`, {
      complianceState: complianceState === 'compliant' ? 'noncompliant' : 'compliant',
    });
  }
  process.send?.('turned');
});
process.on('disconnect', () => process.exit());
const { tenantId, clientId, clientSecret, authorityHost, graphUrl, caPem } = tenant;
process.send?.({ tenantId, clientId, clientSecret, authorityHost, graphUrl, caPem });
