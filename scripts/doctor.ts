// `npm run doctor`: walks every dependency with the settings of the environment, and says what is wrong and what to do.

import { parseArgs } from 'node:util';
import { systemClock } from '../shared/adapters/system/system-clock.ts';
import { type DoctorConnections, openDoctor } from '../shared/app/open-doctor.ts';
import { renderCheck, renderHeading, renderSummary } from '../shared/doctor/render-report.ts';
import { toConnectorError } from '../shared/errors.ts';
import { readSettings, type Settings } from '../shared/settings.ts';

const USAGE = `Usage: npm run doctor -- [--json]

The application settings are taken from the environment. Storage and Service Bus that the function app reaches with its
managed identity are reached as the user of \`az login\`.`;

try {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) console.log(USAGE);
  else await examine(values.json === true);
} catch (thrown) {
  const { code, message, action } = toConnectorError(thrown);
  console.error(message.startsWith(code) ? `${message}\n${action}` : `${code}: ${message}\n${action}`);
  process.exitCode = 1;
}

async function examine(asJson: boolean): Promise<void> {
  const settings = readSettings(process.env);
  const doctor = await openDoctor(settings, systemClock, asOperator(settings));
  try {
    if (!asJson) console.log(renderHeading(systemClock.now().toISOString()));
    const report = await doctor.examine(asJson ? undefined : (check) => console.log(renderCheck(check)));
    console.log(asJson ? JSON.stringify(report, undefined, 2) : renderSummary(report));
    if (!report.ok) process.exitCode = 1;
  } finally {
    await doctor.close();
  }
}

/** Nobody has a managed identity at a keyboard. */
function asOperator({ storage, serviceBus }: Settings): DoctorConnections {
  return {
    storage:
      storage.kind === 'managed-identity' ? { kind: 'azure-cli', tableServiceUri: storage.tableServiceUri } : storage,
    serviceBus:
      serviceBus?.kind === 'managed-identity'
        ? { kind: 'azure-cli', fullyQualifiedNamespace: serviceBus.fullyQualifiedNamespace }
        : serviceBus,
  };
}
