// A token per audience, and the permissions in it. Tokens are read, never shown.

import { withoutTrailing } from '../../domain/trailing.ts';
import type { Check, Outcome } from '../../ports/check.ts';
import { readTokenClaims } from '../entra/token-claims.ts';
import type { TokenSource } from '../entra/token-source.ts';
import { type Api, includesRole, LEVELS, type NeededPermission, PERMISSIONS, type Permission } from './permissions.ts';

/** What the tokens carry, for the checks that follow. */
export class GrantedRoles {
  readonly #byApi = new Map<Api, ReadonlySet<string>>();

  set(api: Api, roles: readonly string[]): void {
    this.#byApi.set(api, new Set(roles));
  }

  has(permission: Permission): boolean {
    return includesRole(this.#byApi.get(permission.api) ?? new Set(), permission);
  }

  of(api: Api): readonly string[] {
    return [...(this.#byApi.get(api) ?? [])];
  }
}

export interface TokenCheckOptions {
  readonly name: string;
  readonly api: Api;
  readonly resource: string;
  /** The setting that names the audience. */
  readonly setting: string;
}

export function tokenCheck(tokens: TokenSource, granted: GrantedRoles, options: TokenCheckOptions): Check {
  const { name, api, resource, setting } = options;
  return {
    name,
    title: `Token for ${api === 'Intune API' ? 'the Intune API' : api}`,
    needs: ['credential', 'tenant'],
    async run() {
      const claims = readTokenClaims(await tokens.getToken(resource));
      if (claims === undefined) {
        granted.set(api, []);
        return { status: 'warn', saw: 'Microsoft Entra gave a token that cannot be looked into.' };
      }
      granted.set(api, claims.roles);
      if (claims.audience !== undefined && !sameAudience(claims.audience, resource)) {
        return {
          status: 'warn',
          saw: `A token for ${claims.audience}, asked for with ${resource}.`,
          means: 'Wrong audience, if the service refuses it.',
          action: `Check ${setting} and ENTRA_CLOUD.`,
        };
      }
      return { status: 'ok', saw: `Microsoft Entra gave one for ${resource}.` };
    },
  };
}

/** Entra writes an audience with or without its slash, or as the application's id. */
function sameAudience(audience: string, resource: string): boolean {
  return withoutTrailing(audience, '/') === withoutTrailing(resource, '/') || /^[0-9a-f-]{36}$/i.test(audience);
}

/** @param needs what the settings count on */
export function rolesCheck(granted: GrantedRoles, needs: readonly NeededPermission[]): Check {
  return {
    name: 'roles',
    title: 'Permissions in the tokens',
    needs: ['token-graph'],
    run: async () => judge(granted, needs),
  };
}

function judge(granted: GrantedRoles, needs: readonly NeededPermission[]): Outcome {
  const all: readonly Permission[] = Object.values(PERMISSIONS);
  const details = all.map(
    (permission) =>
      `${granted.has(permission) ? 'has    ' : 'MISSING'}  ${permission.api}: ${permission.role} (${permission.purpose})`,
  );
  const missing = all.filter((permission) => !granted.has(permission));
  const levelIsWhole = LEVELS.some((level) => level.every((name) => granted.has(PERMISSIONS[name])));
  if (!levelIsWhole) {
    const nothing = granted.of('Microsoft Graph').length === 0 && granted.of('Intune API').length === 0;
    return {
      status: 'failed',
      code: 'NAC_SOURCE_FORBIDDEN',
      saw: nothing ? 'The tokens carry no permission at all.' : `Missing: ${namesOf(missing)}.`,
      means: nothing
        ? 'Consent not granted, or the permissions were added as delegated ones instead of application ones.'
        : 'Permission missing, or consent not granted for it: neither all devices nor single ones can be asked for.',
      action: `In the app registration, under API permissions, add ${namesOf(missing)} as application permissions, and press “Grant admin consent”.`,
      details,
    };
  }
  const unmet = needs.find(({ names }) => names.some((name) => !granted.has(PERMISSIONS[name])));
  if (unmet !== undefined) {
    const lacking = unmet.names.map((name) => PERMISSIONS[name]).filter((permission) => !granted.has(permission));
    return {
      status: 'failed',
      code: 'NAC_SOURCE_FORBIDDEN',
      saw: `Missing: ${namesOf(lacking)}.`,
      means: `Permission missing that the settings count on: ${lacking.map(({ purpose }) => purpose).join('; ')}.`,
      action: `Add it as an application permission and press “Grant admin consent”, or ${unmet.instead}.`,
      details,
    };
  }
  const writing = [...granted.of('Microsoft Graph'), ...granted.of('Intune API')].filter((role) =>
    /Write|Privileged/.test(role),
  );
  if (writing.length > 0) {
    return {
      status: 'warn',
      saw: `More than is needed: ${writing.slice(0, 5).join(', ')}.`,
      means: 'This product only reads. A thief of its credential could change the tenant.',
      action: 'Remove these permissions from the app registration.',
      details,
    };
  }
  if (missing.length > 0) {
    return {
      status: 'warn',
      saw: `Missing: ${namesOf(missing)}.`,
      means: `It works without: ${missing.map(({ purpose }) => purpose).join('; ')}.`,
      action: 'Add them as application permissions and grant admin consent, or leave it so on purpose.',
      details,
    };
  }
  return { status: 'ok', saw: 'All there, and none too many.', details };
}

function namesOf(permissions: readonly Permission[]): string {
  return permissions.map(({ api, role }) => `${role} (${api})`).join(', ');
}
