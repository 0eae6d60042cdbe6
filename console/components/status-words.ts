// Which status a word of the API has. The compiler asks for each word that the connector knows; one that a newer version
// adds is shown neutrally.

import type { JobStage } from '../../shared/domain/coa/enforcement-job.ts';
import type { Standing, StandingMark } from '../../shared/domain/device/standing.ts';
import type { StatusKind } from './status.tsx';

const STANDINGS: Readonly<Record<Standing | StandingMark, StatusKind>> = {
  unknown: 'none',
  compliant: 'good',
  noncompliant: 'bad',
  conflict: 'bad',
  error: 'bad',
  inGracePeriod: 'warn',
  configManager: 'info',
  beingRemoved: 'bad',
  disabled: 'bad',
  silent: 'warn',
  notEnrolled: 'bad',
  ambiguous: 'warn',
  unidentified: 'warn',
  notAuthenticated: 'bad',
  stale: 'warn',
  held: 'held',
};

const STAGES: Readonly<Record<JobStage, StatusKind>> = {
  decided: 'info',
  queued: 'info',
  taken: 'info',
  sent: 'info',
  'dead-lettered': 'bad',
  refused: 'bad',
  'no-answer': 'warn',
  acknowledged: 'info',
  answered: 'good',
  proven: 'good',
  ended: 'none',
  superseded: 'none',
  expired: 'bad',
};

export function standingKind(standing: string): StatusKind {
  return (STANDINGS as Readonly<Record<string, StatusKind>>)[standing] ?? 'none';
}

export function stageKind(stage: string): StatusKind {
  return (STAGES as Readonly<Record<string, StatusKind>>)[stage] ?? 'none';
}

/** `inGracePeriod` as people write it: `in grace period`. */
export function spaced(word: string): string {
  return word
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('-', ' ')
    .toLowerCase();
}
