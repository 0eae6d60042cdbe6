// Wires what operators do with overrides.

import { createIdentityPrivacy } from '../adapters/system/identity-privacy.ts';
import { TableClientStore } from '../adapters/table-storage/table-client-store.ts';
import { TableDeviceStore } from '../adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../adapters/table-storage/table-identity-store.ts';
import { TableOverrideStore } from '../adapters/table-storage/table-override-store.ts';
import type { DeviceKey } from '../domain/device/device.ts';
import { toInstant } from '../domain/instant.ts';
import { isLocallyAdministered } from '../domain/mac-address.ts';
import { type Override, type OverrideTarget, targetText } from '../domain/policy/override.ts';
import { includesSite, sitesOf } from '../domain/sites.ts';
import { toConnectorError } from '../errors.ts';
import { readOverrideRequest } from '../http/read-override.ts';
import { type ShownOverride, showOverride } from '../http/show-override.ts';
import { recordsFor, siteRecords } from '../lookup/site-records.ts';
import { endOverride, listOverrides, makeOverride } from '../policy/make-override.ts';
import { nameDevice } from '../policy/name-device.ts';
import { recordsSharingIdentity } from '../policy/records-sharing-identity.ts';
import type { SeenRecords } from '../ports/site-records.ts';
import type { Context } from './context.ts';
import { openPolicySource } from './open-policy-source.ts';
import { type Operator, type OperatorAccess, otherSiteError } from './operator-access.ts';

/** What an operator should know of an override that was made. */
export type OverrideWarning =
  /** Several devices have this address: the override concerns each of them. */
  | 'mac-of-several-devices'
  /** The address is made up, and another one tomorrow. */
  | 'mac-random'
  /** Other records may be of the same machine: a block takes those that nothing contradicts, a let-on none. */
  | 'device-enrolled-twice';

export interface MadeOverride extends ShownOverride {
  readonly created: boolean;
  readonly warnings: readonly OverrideWarning[];
}

export async function openOverrides(
  { settings, clock, random, log, scope, openTables }: Context,
  operators: OperatorAccess,
) {
  const tables = await openTables('background');
  const clients = new TableClientStore(tables.clients);
  const identities = new TableIdentityStore(tables.identities);
  const policies = openPolicySource({ settings, clock, log }, tables, 0);
  const privacy = createIdentityPrivacy(settings.logPrivacy.mode, settings.logPrivacy.key ?? random.hex(32));
  const deps = {
    store: new TableOverrideStore(tables.policies, log),
    devices: new TableDeviceStore(tables.devices),
    sites: async () => (await clients.siteKeys()).map(({ site }) => site),
    policy: async () => (await policies.current({ fresh: true })).policy,
    clock,
    random,
  };
  const records = siteRecords({ devices: deps.devices, identities, scope });
  const shown = (override: Override): ShownOverride => showOverride(override, toInstant(clock.now()));
  const logged = (target: OverrideTarget): string => {
    if ('mac' in target) return `mac ${privacy.mac(target.mac)}`;
    return 'user' in target ? `user ${privacy.userName(target.user)}` : targetText(target);
  };
  const note = (operator: Operator, action: 'make-override' | 'end-override', override: Override, reason?: string) => {
    const { id, target, effect, site } = override;
    const does = effect.kind === 'block' ? 'block' : `let on as ${effect.role}`;
    const change = { action, ...(site !== undefined && { site }), ...(reason !== undefined && { reason }) };
    const text = (about: string): string => `${id}: ${does}, ${about}`;
    return operators.note(operator, { ...change, target: text(targetText(target)) }, text(logged(target)));
  };
  const hasOtherRecords = async (key: DeviceKey, seen: SeenRecords): Promise<boolean> => {
    const record = await seen.read(key);
    return record !== undefined && (await recordsSharingIdentity(seen, record.device)).length > 0;
  };
  const warningsOf = async ({ target, site }: Override): Promise<OverrideWarning[]> => {
    const seen = await recordsFor(records, sitesOf(site));
    if ('device' in target) return (await hasOtherRecords(target.device, seen)) ? ['device-enrolled-twice'] : [];
    if (!('mac' in target)) return [];
    if (isLocallyAdministered(target.mac)) return ['mac-random'];
    const { devices, more } = await seen.readOwners({ kind: 'mac', value: target.mac });
    return more || devices.length > 1 ? ['mac-of-several-devices'] : [];
  };
  /** The override exists already: when its warnings cannot be found, it stands without them. */
  const warningsOrNone = (override: Override): Promise<OverrideWarning[]> =>
    warningsOf(override).catch((thrown) => {
      const { code, message, action } = toConnectorError(thrown);
      log.warn('override.no-warnings', { code, message, action });
      return [];
    });
  return {
    async make(operator: Operator, body: string): Promise<MadeOverride> {
      const { target: given, ...request } = readOverrideRequest(body, toInstant(clock.now()));
      const site = operators.siteOfChange(operator, request.site);
      const target =
        'named' in given
          ? { device: await nameDevice(await recordsFor(records, sitesOf(site)), given.named, 'device') }
          : given;
      const wanted = {
        ...request,
        target,
        ...(site !== undefined && { site }),
        ...(operator.sites !== 'every' && { ofSite: true as const }),
        by: operator.by,
        isAdministrators: operator.grants.administer === 'every',
      };
      const { override, created } = await makeOverride(deps, wanted, (made) =>
        note(operator, 'make-override', made, made.reason),
      );
      if (created) {
        const { id, effect, until } = override;
        log.info('override.made', {
          override: id,
          about: logged(override.target),
          effect,
          site,
          until,
          by: operator.name,
        });
      }
      return { ...shown(override), created, warnings: await warningsOrNone(override) };
    },
    async list({ sites }: Pick<Operator, 'sites'>): Promise<{ readonly overrides: readonly ShownOverride[] }> {
      return { overrides: (await listOverrides(deps, sites)).map(shown) };
    },
    async end(operator: Operator, id: string, reason: string | undefined): Promise<ShownOverride> {
      const { sites, by } = operator;
      const override = await endOverride(deps, id, { by, sites }, async (found) => {
        if (!includesSite(sites, found.site)) throw otherSiteError(sites);
        await note(operator, 'end-override', found, reason);
      });
      log.info('override.ended', { override: override.id, by: operator.name });
      return shown(override);
    },
  };
}
