// `POST /v1.0/$batch`: up to twenty requests in one, each answered and throttled on its own.

import { type CapturedAnswer, capturedExchange } from './captured-exchange.ts';
import { answerGraph, answerGraphError, type GraphCall } from './graph-answer.ts';
import type { AnswerHeaders, HttpExchange } from './http-exchange.ts';
import type { BehaviourSwitches } from './tenant-behaviour.ts';

export interface BatchContext {
  readonly behaviour: BehaviourSwitches;
}

const MOST_STEPS = 20;

interface BatchStep {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly headers: AnswerHeaders;
  readonly body: string;
}

/**
 * Copies Graph's JSON batching: relative addresses, the outer token for every step, the status of each step in its own
 * answer, 200 for the whole. Steps run side by side; `dependsOn` is not modelled.
 *
 * @param answerStep - Answers one step the way the tenant answers any request.
 */
export async function answerBatch(
  call: GraphCall,
  context: BatchContext,
  answerStep: (exchange: HttpExchange) => Promise<void>,
): Promise<void> {
  const steps = batchSteps(await call.exchange.body());
  if (typeof steps === 'string') {
    answerGraphError(call, 400, 'BadRequest', steps);
    return;
  }
  if (steps.length > MOST_STEPS) {
    answerGraphError(
      call,
      400,
      'MaximumValueExceeded',
      `Number of batch request steps exceeds the maximum value of ${MOST_STEPS}.`,
    );
    return;
  }
  const responses = await Promise.all(
    steps.map(async (step) => {
      const { exchange, answered } = capturedExchange(call.exchange, { ...step, target: `/v1.0${step.url}` });
      await answerStep(exchange);
      return stepResponse(step.id, await answered);
    }),
  );
  answerGraph(call, {
    responses: context.behaviour.current.batchOrder === 'reversed' ? responses.reverse() : responses,
  });
}

function stepResponse(id: string, answer: CapturedAnswer): unknown {
  const kept = Object.entries(answer.headers).filter(([name]) => name !== 'content-length');
  const headers = Object.fromEntries(
    kept.map(([name, value]) => [name.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase()), value]),
  );
  return { id, status: answer.status, headers, body: stepBody(answer.body) };
}

/** JSON stands in the batch as JSON; anything else as text. */
function stepBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** The steps, or what is wrong with them in words for the client. */
function batchSteps(body: string): readonly BatchStep[] | string {
  const batch = stepBody(body);
  const requests = isRecord(batch) ? batch['requests'] : undefined;
  if (!Array.isArray(requests) || requests.length === 0) {
    return 'Invalid batch payload format.';
  }
  const steps: BatchStep[] = [];
  for (const request of requests) {
    const step = isRecord(request) ? request : {};
    const { id, method, url, headers, body: content } = step;
    if (typeof id !== 'string' || id === '' || typeof method !== 'string' || typeof url !== 'string') {
      return 'Invalid batch payload format: each request needs an id, a method and a url.';
    }
    if (steps.some((earlier) => earlier.id === id)) {
      return `Request Id '${id}' has to be unique in a batch.`;
    }
    if (/^[a-z]+:/i.test(url)) {
      return `Invalid url '${url}': the url of a batch request is relative to the version.`;
    }
    steps.push({
      id,
      method: method.toUpperCase(),
      url: url.startsWith('/') ? url : `/${url}`,
      headers: isRecord(headers)
        ? Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
        : {},
      body: content === undefined ? '' : JSON.stringify(content),
    });
  }
  return steps;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
