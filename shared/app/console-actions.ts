// What people look up, each in their own name: who asks is authenticated, then waits for a place, since lookups share
// the instance.

import type { QuerySlots } from '../console/query-slots.ts';
import type { Credential } from '../domain/carried-credential.ts';
import { includesSite } from '../domain/sites.ts';
import type { OperatorRoute } from '../http/routes.ts';
import type { Context } from './context.ts';
import { lazy } from './lazy.ts';
import { openOverview, type TaggedOverview } from './open-overview.ts';
import type { Operator, OperatorAccess } from './operator-access.ts';

export interface ConsoleActions {
  /** How everything is doing, of the sites that the asker may see. */
  overview(credential: Credential): Promise<TaggedOverview>;
}

export interface ConsoleParts {
  readonly operators: OperatorAccess;
  readonly slots: QuerySlots;
}

export function consoleActions(context: Context, { operators, slots }: ConsoleParts): ConsoleActions {
  const overview = lazy(() => openOverview(context));
  const asked = async <T>(
    credential: Credential,
    route: OperatorRoute,
    work: (operator: Operator) => Promise<T>,
  ): Promise<T> => {
    const operator = await operators.may(credential, route);
    return slots.run(() => work(operator));
  };
  return {
    overview: (credential) =>
      asked(credential, 'overview', async ({ sites }) => (await overview())((site) => includesSite(sites, site))),
  };
}
