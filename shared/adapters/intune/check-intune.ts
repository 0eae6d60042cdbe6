// Intune itself: a page of devices, its Compliance Retrieval service, and one question to that.

import type { Device } from '../../domain/device/device.ts';
import type { Check, Outcome } from '../../ports/check.ts';
import type { Verdicts } from '../../ports/compliance-retrieval.ts';
import type { DeviceList } from '../../ports/compliance-source.ts';
import type { ServiceDiscovery } from '../graph/service-discovery.ts';
import type { GrantedRoles } from './check-tokens.ts';
import { LEVELS, type NeededPermission, PERMISSIONS, type Permission } from './permissions.ts';

export interface IntuneCheckDeps {
  readonly list: DeviceList;
  readonly discovery: ServiceDiscovery;
  readonly compliance: Pick<Verdicts, 'readByDeviceId'>;
  readonly granted: GrantedRoles;
  /** What the settings count on. */
  readonly needs: readonly NeededPermission[];
}

/** No device has it. */
const NO_DEVICE = '00000000-0000-4000-8000-000000000000';

export interface IntuneFindings {
  /** Root of the Compliance Retrieval service. */
  serviceUrl?: string;
  device?: Device | undefined;
}

export function intuneChecks(
  deps: IntuneCheckDeps,
  findings: IntuneFindings,
): { devices: Check; discovery: Check; compliance: Check } {
  const { granted, needs } = deps;
  const isNeeded = ({ role }: Permission): boolean =>
    needs.some(({ names }) => names.some((name) => PERMISSIONS[name].role === role));
  /**
   * The permissions of another level are complete: this level was left out on purpose, and a question would be refused.
   */
  const canDoWithout = (permission: Permission): boolean =>
    !isNeeded(permission) &&
    LEVELS.some((level) =>
      level.every((name) => PERMISSIONS[name].role !== permission.role && granted.has(PERMISSIONS[name])),
    );
  return {
    devices: {
      name: 'devices',
      title: 'A page of devices from Graph',
      needs: ['token-graph', 'host-graph'],
      async run() {
        if (!granted.has(PERMISSIONS.devices) && canDoWithout(PERMISSIONS.devices))
          return notPermitted(PERMISSIONS.devices);
        const page = await deps.list.listDevices(undefined);
        const readings = page.records.map((record) => record.read());
        const devices = readings.flatMap(({ device }) => device ?? []);
        const problems = readings.reduce((sum, reading) => sum + reading.problems.length, 0);
        findings.device = devices[0];
        return judgePage(devices.length, problems, page.nextCursor !== undefined);
      },
    },
    discovery: {
      name: 'discovery',
      title: 'Where Intune’s compliance service is',
      needs: ['token-graph', 'host-graph'],
      async run() {
        if (!granted.has(PERMISSIONS.discovery) && canDoWithout(PERMISSIONS.discovery))
          return notPermitted(PERMISSIONS.discovery);
        findings.serviceUrl = await deps.discovery.find();
        return { status: 'ok', saw: `${findings.serviceUrl}` };
      },
    },
    compliance: {
      name: 'compliance',
      title: 'One compliance query',
      needs: ['discovery', 'token-intune', 'host-intune'],
      async run() {
        if (!granted.has(PERMISSIONS.compliance) && canDoWithout(PERMISSIONS.compliance))
          return notPermitted(PERMISSIONS.compliance);
        const { device } = findings;
        const { device: answer } = await deps.compliance.readByDeviceId(device?.id ?? NO_DEVICE);
        return judgeAnswer(device, answer?.compliant, answer !== undefined);
      },
    },
  };
}

function notPermitted({ role, purpose }: Permission): Outcome {
  return { status: 'skipped', saw: `The application has not ${role}; it works without ${purpose}.` };
}

function judgePage(devices: number, problems: number, more: boolean): Outcome {
  const saw = `${devices} devices${more ? ', and more pages follow' : ''}.`;
  if (problems > 0) {
    return {
      status: 'warn',
      saw: `${saw} ${problems} fields could not be read.`,
      means: 'Devices with such fields may not be recognised by them.',
      action: 'The poll’s log names them: search it for NAC_SOURCE_RECORD.',
    };
  }
  if (devices > 0) return { status: 'ok', saw };
  return {
    status: 'warn',
    saw: 'Graph lists no device.',
    means: 'The tenant has none enrolled, or it is another tenant than you think.',
    action: 'Compare ENTRA_TENANT_ID with the tenant in which the Intune admin center shows devices.',
  };
}

function judgeAnswer(device: Device | undefined, compliant: boolean | undefined, known: boolean): Outcome {
  if (device === undefined) {
    return { status: 'ok', saw: 'It answers: a device that cannot exist is not known there.' };
  }
  const graph = device.complianceState;
  if (!known) {
    return {
      status: 'warn',
      saw: `Graph calls the device ${device.id} ${graph}; the compliance service does not know it.`,
      means: 'Devices may be new or on their way out; if it is so for all, the service does not see this tenant.',
      action: 'Ask for another one: npm run doctor -- --device <id>',
    };
  }
  const saw = `The device ${device.id} is ${compliant ? 'compliant' : compliant === false ? 'not compliant' : 'without verdict'} there, ${graph} in Graph.`;
  const differs = (graph === 'compliant' && compliant === false) || (graph === 'noncompliant' && compliant === true);
  if (!differs) return { status: 'ok', saw };
  return {
    status: 'warn',
    saw,
    means: 'The two see it at different times; the poll reads it again.',
    action: 'Look at it again in an hour: npm run doctor -- --device <id>',
  };
}
