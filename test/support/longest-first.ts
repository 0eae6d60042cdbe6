// The order of the test files: the longest first, those that wait for the clocks of their peers beside those that
// compute, so that neither the end of a run nor a wait leaves a processor idle.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONGEST = [
  'e2e/real-switch-faults',
  'simulation/simulation',
  'e2e/enforcement-two-relays',
  'e2e/function-app',
  'integration/enforcement/jobs',
  'integration/enforcement/changes',
  'e2e/routes',
  'e2e/enforcement-results',
  'infra/bicep-lint',
  'e2e/real-switch-enforcement',
  'integration/functions-host/life',
  'integration/polling/breaker',
  'e2e/enforcement-killed',
  'integration/sign-in/quirks',
  'integration/polling/quirks-of-point-reads',
  'integration/doctor/doctor',
  'integration/polling/quirks-of-lists',
  'e2e/freeradius-product',
  'infra/refused-parameters',
  'integration/polling/compliance-only-breaker',
  'integration/service-bus/restart',
  'integration/polling/changed-devices',
  'e2e/freeradius-accounting',
  'integration/polling/poll',
  'integration/relay/one-works',
  'integration/polling/dies-anywhere',
  'integration/service-bus/settlement',
].map((name) => `/test/${name}.test.ts`);

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const asUsual = await super.sort(files);
    return asUsual.sort((one, other) => placeOf(one) - placeOf(other));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONGEST.findIndex((end) => moduleId.endsWith(end));
  return place < 0 ? LONGEST.length : place;
}
