// The order of the test files: the longest first, those that wait for the clocks of their peers beside those that compute, so
// that neither the end of a run nor a wait leaves a processor idle.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONGEST = [
  'e2e/real-switch-faults',
  'simulation/simulation',
  'e2e/enforcement-two-relays',
  'e2e/function-app',
  'integration/enforcement',
  'e2e/routes',
  'e2e/enforcement-results',
  'infra/bicep-lint',
  'e2e/real-switch-enforcement',
  'integration/functions-host',
  'integration/poll-breaker',
  'e2e/enforcement-killed',
  'integration/quirks-of-sign-in',
  'integration/quirks-of-point-reads',
  'integration/doctor',
  'integration/quirks-of-lists',
  'e2e/freeradius-product',
  'infra/refused-parameters',
  'integration/compliance-only-breaker',
  'integration/service-bus/restart',
  'integration/changed-devices',
  'e2e/freeradius-accounting',
  'integration/poll',
  'integration/relay-agent/one-works',
  'integration/poll-dies-anywhere',
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
