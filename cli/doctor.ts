// `npm run doctor`: walks every dependency with the settings of the environment, and says what is wrong and what to do.

import { parseArgs } from 'node:util';
import { systemClock } from '../shared/adapters/system/system-clock.ts';
import { type Doctor, type DoctorConnections, openDoctor } from '../shared/app/open-doctor.ts';
import { renderDevice } from '../shared/doctor/render-device.ts';
import { renderMatchQuality } from '../shared/doctor/render-match-quality.ts';
import { renderCheck, renderHeading, renderSummary } from '../shared/doctor/render-report.ts';
import { toConnectorError } from '../shared/errors.ts';
import { readSettings, type Settings } from '../shared/settings.ts';

const USAGE = `Usage: npm run doctor                        walks every dependency
       npm run doctor -- --device <device>    one device as Graph, Intune and the store see it:
                                              MAC address, Intune or Entra device id, or name
       npm run doctor -- --matching           stored devices that can never be recognised
       --json with each of them

The application settings are taken from the environment. Storage and Service Bus that the function app reaches with its
managed identity are reached as the user of \`az login\`.`;

/** Of each problem. */
const EXAMPLES = { text: 20, json: 1000 };

try {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean' },
      help: { type: 'boolean' },
      device: { type: 'string' },
      matching: { type: 'boolean' },
    },
  });
  if (values.help) console.log(USAGE);
  else await run(values);
} catch (thrown) {
  process.exitCode = 1;
  if (isUsageError(thrown)) {
    console.error(`${thrown.message}\n\n${USAGE}`);
  } else {
    const { code, message, action } = toConnectorError(thrown);
    console.error(message.startsWith(code) ? `${message}\n${action}` : `${code}: ${message}\n${action}`);
  }
}

async function run({ json = false, device, matching }: { json?: boolean; device?: string; matching?: boolean }) {
  const settings = readSettings(process.env);
  const doctor = await openDoctor(settings, systemClock, process.env, asOperator(settings));
  try {
    if (device !== undefined) {
      const view = await doctor.showDevice(device);
      console.log(json ? toJson(view) : renderDevice(view));
      if (view.id === undefined) process.exitCode = 1;
    } else if (matching) {
      const quality = await doctor.matchQuality(json ? EXAMPLES.json : EXAMPLES.text);
      console.log(json ? toJson(quality) : renderMatchQuality(quality));
    } else {
      await examine(doctor, json);
    }
  } finally {
    await doctor.close();
  }
}

async function examine(doctor: Doctor, json: boolean): Promise<void> {
  if (!json) console.log(renderHeading(systemClock.now().toISOString()));
  const report = await doctor.examine(json ? undefined : (check) => console.log(renderCheck(check)));
  console.log(json ? toJson(report) : renderSummary(report));
  if (!report.ok) process.exitCode = 1;
}

function toJson(result: object): string {
  return JSON.stringify(result, undefined, 2);
}

function isUsageError(thrown: unknown): thrown is Error {
  return thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('ERR_PARSE_ARGS');
}

/** An operator at a keyboard has no managed identity: the Azure CLI's sign-in takes its place. */
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
