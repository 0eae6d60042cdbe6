// Which kinds of clients may do what a route needs.

import { CLIENT_KINDS, type ClientKind } from '../../shared/domain/client.ts';
import { isPermitted, type Permission } from '../../shared/domain/permission.ts';

export function clientKinds(needs: Permission): readonly ClientKind[] {
  return CLIENT_KINDS.filter((kind) => isPermitted({ kind }, needs));
}
