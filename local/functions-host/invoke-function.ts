// Runs one invocation as Azure's Node worker does: arguments, preInvocation hooks, handler, postInvocation hooks,
// response. The steps themselves are Microsoft's InvocationModel, so every conversion is the library's own.
import { randomBytes, randomUUID } from 'node:crypto';
import type { FunctionsCore, RegisteredFunction } from './functions-core.ts';
import type {
  CoreInvocationContext,
  FunctionCallback,
  InvocationResponse,
  RetryContext,
  TriggerData,
} from './rpc-types.ts';

export interface Invocation {
  readonly data: TriggerData;
  readonly invocationId?: string;
  readonly triggerMetadata?: Readonly<Record<string, TriggerData>>;
  readonly retryContext?: RetryContext | undefined;
  /** W3C trace headers of the caller, continued by the invocation. */
  readonly traceParent?: string | undefined;
  readonly traceState?: string | undefined;
}

export async function invokeFunction(
  core: FunctionsCore,
  { metadata, callback }: RegisteredFunction,
  invocation: Invocation,
): Promise<InvocationResponse> {
  const model = core.getProgrammingModel();
  if (!model) throw new Error('No programming model is registered.');
  const invocationId = invocation.invocationId ?? randomUUID();

  let userContext: unknown;
  const coreContext: CoreInvocationContext = {
    invocationId,
    metadata,
    state: undefined,
    request: {
      invocationId,
      functionId: metadata.name,
      inputData: [{ name: triggerName(metadata.bindings), data: invocation.data }],
      triggerMetadata: invocation.triggerMetadata ?? {},
      traceContext: {
        traceParent: continueTrace(invocation.traceParent),
        ...(invocation.traceState === undefined ? {} : { traceState: invocation.traceState }),
        attributes: {},
      },
      ...(invocation.retryContext === undefined ? {} : { retryContext: invocation.retryContext }),
    },
    log: (level, category, message) =>
      core.log(level, category, message, { name: metadata.name, context: userContext }),
  };

  const invocationModel = await model.getInvocationModel(coreContext);
  const { context, inputs } = await invocationModel.getArguments();
  userContext = context;

  const shared = { hookData: {}, appHookData: core.appHookData, invocationContext: context };
  const before: { inputs: unknown[]; functionCallback: FunctionCallback } = Object.assign(
    { inputs, functionCallback: callback },
    shared,
  );
  await inState(coreContext, 'preInvocationHooks', () => core.runHooks('preInvocation', before));

  const after: { inputs: unknown[]; result: unknown; error: unknown } = Object.assign(
    { inputs: before.inputs, result: null, error: null },
    shared,
  );
  await inState(coreContext, 'invocation', async () => {
    try {
      after.result = await invocationModel.invokeFunction(context, before.inputs, before.functionCallback);
    } catch (error) {
      after.error = error ?? new Error('The handler threw nothing (undefined or null).');
    }
  });
  await inState(coreContext, 'postInvocationHooks', () => core.runHooks('postInvocation', after));

  // A postInvocation hook may have cleared or set the error; that decides, as in the worker.
  if (after.error !== null && after.error !== undefined) throw after.error;
  return invocationModel.getResponse(context, after.result);
}

async function inState(
  context: CoreInvocationContext,
  state: NonNullable<CoreInvocationContext['state']>,
  run: () => Promise<void>,
): Promise<void> {
  context.state = state;
  try {
    await run();
  } finally {
    context.state = undefined;
  }
}

function triggerName(bindings: RegisteredFunction['metadata']['bindings']): string {
  for (const [name, binding] of Object.entries(bindings)) if (/trigger$/i.test(binding.type)) return name;
  throw new Error('The function has no trigger.');
}

// The host starts a span of its own within the caller's trace.
function continueTrace(traceParent: string | undefined): string {
  const [, traceId, flags] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/.exec(traceParent ?? '') ?? [];
  return `00-${traceId ?? randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-${flags ?? '00'}`;
}
