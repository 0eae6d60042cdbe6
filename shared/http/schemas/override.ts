// Overrides as operators make and see them.

import { always, either, flag, instant, list, named, object, oneOf, optional, text } from '../schema.ts';
import { REASON } from './common.ts';

const CERTIFICATE = object('A certificate', {
  serial: text('Serial number, hexadecimal'),
  issuer: optional(text('Its issuer: a common name, or parts like CN=…, O=…')),
});

export const OVERRIDE_REQUEST = named(
  'OverrideRequest',
  object('One of `device`, `mac`, `certificate`, `user`, with `block` or `role`', {
    device: optional(text('Intune or Entra device id, name, serial number or MAC address')),
    mac: optional(text('MAC address, in any notation')),
    certificate: optional(CERTIFICATE),
    user: optional(text('The name, as the RADIUS server or the certificate gives it', { maxLength: 253 })),
    block: optional(always(true, 'Not let on')),
    role: optional(text('Let on with this role of the policy in force; a certificate needs its issuer')),
    until: text('A time in UTC, or how long: seven days at most for a role, 366 for a block', {
      examples: ['2026-12-07T08:00:00Z', '4h', '3d'],
    }),
    reason: REASON,
    site: optional(text('Where it holds; else at every site that the client may act on')),
  }),
);

const SHOWN = {
  id: text('Eight hexadecimal digits'),
  device: optional(text('Id of the device')),
  source: optional(text('Source of the device')),
  mac: optional(text('MAC address, twelve hexadecimal digits')),
  certificate: optional(CERTIFICATE),
  user: optional(text('In lower case')),
  block: optional(always(true, 'Not let on')),
  role: optional(text('Let on with this role')),
  site: optional(text('The only site where it holds; absent for every site')),
  reason: REASON,
  by: text('Name of the client that made it'),
  createdAt: instant('When it was made'),
  until: instant('When it ends by itself'),
  endedAt: optional(instant('When an operator ended it early')),
  endedBy: optional(text('Which operator')),
  inForce: flag('Whether it decides now'),
};

export const OVERRIDE = named('Override', object('An override', SHOWN));

export const OVERRIDES = named(
  'Overrides',
  object('All that the client may see', { overrides: list(OVERRIDE, 'Newest first') }),
);

export const MADE_OVERRIDE = named(
  'MadeOverride',
  object('The override, and what an operator should know of it', {
    ...SHOWN,
    created: flag('False where the same one was there already'),
    warnings: list(
      either(
        oneOf(['mac-of-several-devices', 'mac-random', 'device-enrolled-twice'], 'docs/policy.md says what they mean'),
      ),
      'What an operator should know',
    ),
  }),
);
