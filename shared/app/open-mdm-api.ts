// Wires Cisco's MDM API: what answers ISE.

import { readRequestBody } from '../adapters/cisco-mdm/read-request-body.ts';
import { writeMdmXml } from '../adapters/cisco-mdm/write-mdm-xml.ts';
import { type RequestBody, readBody } from '../http/request-body.ts';
import { ROUTES } from '../http/routes.ts';
import { answerMdmRequest } from '../mdm-api/answer-mdm-request.ts';
import type { MdmQuestion, MdmRequest } from '../mdm-api/mdm-question.ts';
import { readMdmRequest } from '../mdm-api/read-mdm-request.ts';
import { VERSION } from '../version.ts';
import type { Context } from './context.ts';
import type { openLookup } from './open-lookup.ts';

/** Many devices: no station waits for them. */
const LIST_DEADLINE_MS = 10_000;
const HAVE_BODY: readonly MdmQuestion['kind'][] = ['batch', 'action', 'message'];
const LISTS: readonly MdmQuestion['kind'][] = ['batch', 'noncompliant'];

type Lookup = Pick<Awaited<ReturnType<typeof openLookup>>, 'authenticate' | 'known' | 'takeShares'>;

export function openMdmApi({ settings, clock }: Context, { authenticate, known, takeShares }: Lookup) {
  const { compliantStates, enrolmentUrl } = settings.mdmApi;
  const deps = {
    ...known,
    compliantStates: new Set(compliantStates),
    maxCheckInAgeMs: settings.maxCheckInAgeMs,
    clock,
    product: {
      vendor: 'Serverless Cloud NAC Connector',
      name: 'Serverless Cloud NAC Connector',
      version: VERSION,
      enrolmentUrl,
    },
  };
  return async (apiKey: string | null, request: MdmRequest, body: RequestBody): Promise<string> => {
    const client = await authenticate(apiKey, ROUTES.ciscoise.needs);
    const question = readMdmRequest(request);
    const named = HAVE_BODY.includes(question.kind) ? readRequestBody(await readBody(body)) : [];
    takeShares(client, named.length);
    const deadlineMs = LISTS.includes(question.kind) ? LIST_DEADLINE_MS : settings.lookupDeadlineMs;
    return clock.within(deadlineMs, async (signal) =>
      writeMdmXml(await answerMdmRequest(deps, client, question, named, { signal })),
    );
  };
}
