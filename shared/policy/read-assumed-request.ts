// Reads the query of POST /api/policies/what-if: site, medium, assurance. How the stored devices are taken to ask.

import { isClientOrSiteName } from '../domain/client.ts';
import { ASSURANCES } from '../domain/identity/identity.ts';
import { MEDIA } from '../domain/policy/policy-facts.ts';
import { RequestError } from '../errors.ts';
import type { AssumedRequest } from './what-if.ts';

/** @throws RequestError NAC_REQUEST_FIELD naming the parameter */
export function readAssumedRequest(query: Iterable<[string, string]>): AssumedRequest {
  let assumed: AssumedRequest = { site: '', assurance: 'certificate-guid' };
  for (const [name, value] of query) {
    if (name === 'site' && isClientOrSiteName(value)) assumed = { ...assumed, site: value };
    else if (name === 'medium') assumed = { ...assumed, medium: oneOf(name, value, MEDIA) };
    else if (name === 'assurance') assumed = { ...assumed, assurance: oneOf(name, value, ASSURANCES) };
    else throw queryError(name, 'is not known or no site; known are site, medium and assurance');
  }
  return assumed;
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((known) => known === value);
  if (found === undefined) throw queryError(name, `must be one of ${allowed.join(', ')}`);
  return found;
}

function queryError(field: string, problem: string): RequestError {
  return new RequestError(400, 'NAC_REQUEST_FIELD', `The parameter ${field.slice(0, 40)} ${problem}.`, {
    action: 'Correct the query; docs/policy.md lists the parameters.',
    field: field.slice(0, 40),
  });
}
