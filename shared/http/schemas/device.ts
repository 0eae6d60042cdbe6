// One device as operators see it, and what it would get somewhere.

import { MEDIA } from '../../domain/medium.ts';
import { type Described, flag, instant, list, named, object, oneOf, optional, text, whole } from '../schema.ts';
import { ASSURANCE, COMPLETE, IDENTITY_FIELDS, MARK, POLICY_RESULT_FIELDS, STANDING } from './common.ts';
import { DECISION_RECORD, DEVICE_FACTS, RULE_TRACES } from './decision.ts';
import { JOB } from './job.ts';
import { OVERRIDE } from './override.ts';
import { SESSION } from './session.ts';

const RECORD = object('What one source says of the machine', {
  source: text('Name of the source'),
  id: text("The source's id of it"),
  present: flag('False where the source does not know it any more'),
  standing: STANDING,
  marks: list(MARK, 'What weakens the standing'),
  asOf: instant('When the source was last known to say this'),
  version: whole('Grows by one with every change of content'),
  says: DEVICE_FACTS,
  held: optional(
    object('A newer observation that waits for a person', {
      runId: text('The run that saw it'),
      observedAt: instant('When'),
      standing: optional(STANDING),
    }),
  ),
});

/** Who does the next step. */
export const WHO_ACTS = ['user', 'help desk', 'device administrator', 'network administrator', 'none'] as const;

export const DEVICE_VIEW = named(
  'DeviceView',
  object('A device, and all that the connector knows of it', {
    source: text('Source of the record that was asked for'),
    id: text("The source's id of it"),
    name: optional(text('Its name')),
    at: instant('When this was put together'),
    advice: object('For the person on the phone', {
      sentence: text('Why the device has the access that it has'),
      next: text('What is to be done'),
      who: oneOf(WHO_ACTS, 'Who does it'),
    }),
    records: list(RECORD, 'The record that was asked for, then those of the same machine in other sources'),
    identities: list(
      object('What identifies it', {
        ...IDENTITY_FIELDS,
        assurance: ASSURANCE,
        alsoOf: list(text('Id of a device'), 'Other devices that hold the same: it identifies none of them'),
      }),
      'The surest first',
    ),
    sessions: list(SESSION, 'The newest 50, live ones first'),
    decisions: list(DECISION_RECORD, 'The newest 20 of its sessions within 7 days'),
    jobs: list(JOB, 'CoA jobs of its sessions within 7 days, newest first, at most 50'),
    overrides: list(OVERRIDE, 'Those about it'),
    complete: COMPLETE,
  }),
);

export const WHAT_IT_GETS = named(
  'WhatItGets',
  object('What policy would answer the device', {
    ...POLICY_RESULT_FIELDS,
    source: text('Source of the device'),
    id: text("The source's id of it"),
    at: instant('When this was asked'),
    standing: STANDING,
    asOf: instant('When the source was last known to say this'),
    assumed: object('How the device is taken to ask', {
      site: text('At this site; empty where no rule about sites holds'),
      ssid: optional(text('By this SSID')),
      method: optional(text('Authenticated in this way')),
      medium: optional(oneOf(MEDIA, 'By this medium')),
      assurance: ASSURANCE,
    }),
    override: optional(text('Id of the override that decides in place of policy')),
    rules: RULE_TRACES,
  }),
);

export type DeviceView = Described<typeof DEVICE_VIEW>;
export type WhatItGets = Described<typeof WHAT_IT_GETS>;
