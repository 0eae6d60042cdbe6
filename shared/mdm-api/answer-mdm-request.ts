// What the connector says to one request of Cisco's MDM API.

import { concurrently } from '../concurrently.ts';
import type { Client } from '../domain/client.ts';
import type { MdmAnswer, MdmDevice, MdmKey, NamedInBody } from '../domain/mdm-documents.ts';
import { RequestError } from '../errors.ts';
import type { CallOptions } from '../ports/call-options.ts';
import { type AnswerDeps, answerDevice } from './answer-device.ts';
import { type ListDeps, listNoncompliant, QUERY_MAX_SIZE } from './list-noncompliant.ts';
import type { BatchQuestion, MdmQuestion } from './mdm-question.ts';
import { pathOf } from './read-mdm-request.ts';

/** Devices of a batch that are looked for at once. */
const BATCH_CONCURRENCY = 8;

export interface MdmDeps extends AnswerDeps, ListDeps {
  /** What mdminfo says of us. */
  readonly product: {
    readonly vendor: string;
    readonly name: string;
    readonly version: string;
    /** Where people enrol a device. */
    readonly enrolmentUrl: string;
  };
}

/**
 * @param named devices that the body names; empty for a request without
 * @throws RequestError, StoreError
 */
export async function answerMdmRequest(
  deps: MdmDeps,
  client: Client,
  question: MdmQuestion,
  named: readonly NamedInBody[],
  options: CallOptions,
): Promise<MdmAnswer> {
  const { version } = question;
  switch (question.kind) {
    case 'information':
      return {
        kind: 'information',
        version,
        path: pathOf(question.prefix, version),
        redirectUrl: deps.product.enrolmentUrl,
        queryMaxSize: QUERY_MAX_SIZE,
        vendor: deps.product.vendor,
        productName: deps.product.name,
        productVersion: deps.product.version,
      };
    case 'device': {
      const device = await answerDevice(deps, client, question, options);
      return { kind: 'devices', version, devices: device === undefined ? [] : [device] };
    }
    case 'noncompliant':
      return listNoncompliant(deps, client, question, options);
    case 'batch':
      return { kind: 'devices', version, devices: await answerBatch(deps, client, question, named, options) };
    case 'action':
      return {
        kind: 'action',
        version,
        of: keysOf(named),
        failureReason: `${READS_ONLY} ${question.action} is refused.`,
      };
    case 'message':
      return { kind: 'message', version, of: keysOf(named), failureReason: `${READS_ONLY} It sends no messages.` };
  }
}

const READS_ONLY = 'The connector only reads compliance: it has no permission to act on a device.';

async function answerBatch(
  deps: MdmDeps,
  client: Client,
  question: BatchQuestion,
  named: readonly NamedInBody[],
  options: CallOptions,
): Promise<MdmDevice[]> {
  const values = new Set([question.value, ...named.map(({ value }) => value)].filter((value) => value.trim() !== ''));
  if (values.size === 0) {
    throw new RequestError(400, 'NAC_REQUEST_FIELD', 'The batch names no device.', {
      action: 'Send the values in the body, each as an element <value>.',
      field: 'value',
    });
  }
  const found = await concurrently([...values], BATCH_CONCURRENCY, (value) =>
    answerDevice(deps, client, { ...question, value }, options),
  );
  return found.filter((device) => device !== undefined);
}

/** ISE names devices by GUID or by MAC address; a batch's plain values are none of these. */
function keysOf(named: readonly NamedInBody[]): MdmKey[] {
  return named.flatMap(({ element, value }) =>
    element === 'guid' || element === 'macaddress' ? [{ element, value }] : [],
  );
}
