// What is counted of a lookup: the decision, its time, and how old the record is that it rests on.

import { ageBucket } from '../domain/age-bucket.ts';
import type { Client } from '../domain/client.ts';
import { millisecondsBetween } from '../domain/instant.ts';
import { toConnectorError } from '../errors.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { LookupAnswer } from './answer-lookup.ts';

export interface CountAnswerDeps {
  readonly telemetry: Telemetry;
  /** Milliseconds that the record behind an answer may be old. */
  readonly freshnessObjectiveMs: number;
}

/** @param elapsedMs from the question to the decision */
export function countAnswer(
  { telemetry, freshnessObjectiveMs }: CountAnswerDeps,
  { site }: Client,
  { decision }: LookupAnswer,
  elapsedMs: number,
): void {
  const { outcome, rule, device, decidedAt } = decision;
  telemetry.count('nac.lookups', {
    'nac.decision': outcome.verdict,
    'nac.rule': rule,
    'nac.role': outcome.verdict === 'permit' ? outcome.role : 'none',
    'nac.site': site,
    'nac.source': device?.source ?? 'none',
  });
  telemetry.record('nac.lookup.duration', elapsedMs / 1000, { 'nac.site': site });
  if (device === undefined) return;
  const ageMs = Math.max(0, millisecondsBetween(device.asOf, decidedAt));
  telemetry.count('nac.answer.ages', {
    'nac.source': device.source,
    'nac.age': ageBucket(ageMs),
    'nac.objective': ageMs <= freshnessObjectiveMs ? 'met' : 'missed',
  });
}

export function countFailure(telemetry: Telemetry, thrown: unknown): void {
  telemetry.count('nac.lookup.failures', { 'error.type': toConnectorError(thrown).code });
}
