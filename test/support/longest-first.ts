// The order of the test files: the longest first, those that wait for the clocks of their peers beside those that
// compute, so that neither the end of a run nor a wait leaves a processor idle. Files that may share a process follow
// each other: Vitest goes on in a process only if the next file of all may run in it.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Projects of vitest.config.ts. */
const PROJECTS = ['apart', 'units'];

const LONGEST = [
  'simulation/simulation',
  'e2e/real-switch-faults',
  'e2e/enforcement-two-relays',
  // One browser at a time is enough for two cores: the console's files stand apart.
  'console/lists',
  'e2e/routes',
  'integration/polling/poll',
  'e2e/function-app',
  'console/pages',
  'integration/doctor/doctor',
  'e2e/freeradius-product',
  'integration/polling/killed',
  'e2e/freeradius-fail-modes',
  'integration/functions-host/life',
  'infra/bicep-lint',
  'console/sign-in',
  'e2e/real-switch-enforcement',
  'integration/polling/dies-anywhere',
  'e2e/enforcement-killed',
  'infra/identity',
  'integration/accounting/sessions',
  'e2e/core-tools',
  'infra/refused-parameters',
  'integration/sign-in/quirks',
  'console/policy',
  'e2e/enforcement-results',
  'integration/service-bus/restart',
  'integration/enforcement/jobs',
  'integration/stores/counted-operations',
  'e2e/freeradius-accounting',
  'integration/relay/one-works',
  'integration/lookup/reads-and-writes',
  'unit/hostile-growth',
  'integration/service-bus/settlement',
  'integration/policy/decisions',
  'integration/policy/what-if',
  'integration/lookup/answer',
  'integration/lookup/live-query',
  'integration/polling/quirks-of-point-reads',
  'infra/package',
  'integration/operators/clients',
  'integration/relay/soak',
  'integration/doctor/devices',
  'e2e/freeradius-logins',
  'e2e/enforcement-chain',
  'integration/enforcement/changes',
  'integration/enforcement/operators',
  'integration/polling/foreign-rows',
  'integration/telemetry/collector',
  'integration/relay/takeover',
].map((name) => `/test/${name}.test.ts`);

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const asUsual = await super.sort(files);
    return asUsual.sort((one, other) => projectOf(one) - projectOf(other) || placeOf(one) - placeOf(other));
  }
}

function projectOf({ project }: TestSpecification): number {
  return PROJECTS.indexOf(project.name);
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONGEST.findIndex((end) => moduleId.endsWith(end));
  return place < 0 ? LONGEST.length : place;
}
