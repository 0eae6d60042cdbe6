// Clients as operators see them: nothing of a secret.

import { CLIENT_KINDS } from '../../domain/client.ts';
import { type Described, instant, list, named, object, oneOf, optional, text, whole } from '../schema.ts';

export const CLIENT_LIST = named(
  'ClientList',
  object('Who may ask with a key', {
    clients: list(
      object('', {
        name: text('Its name'),
        kind: oneOf(CLIENT_KINDS, 'What it is for'),
        site: optional(text('Its site; absent where it is for every site')),
        keys: whole('1, or 2 while its key is being rotated'),
        keyMadeAt: instant('When its newest key was made'),
        lastAskedAt: optional(
          instant('Its newest lookup; absent where none is among the newest 200 decisions of the last 24 hours'),
        ),
      }),
      'By name',
    ),
  }),
);

export type ClientList = Described<typeof CLIENT_LIST>;
