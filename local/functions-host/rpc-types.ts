// The part of the contract between Azure's Node worker and `@azure/functions` that this host uses
// (declared by the worker in its types-core/index.d.ts; the package itself is on no registry).

export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none';
export type LogCategory = 'user' | 'system' | 'customMetric';
export type FunctionCallback = (...inputs: unknown[]) => unknown;

export interface Duration {
  readonly seconds: number;
}

export interface RetryOptions {
  readonly retryStrategy: 'fixedDelay' | 'exponentialBackoff';
  /** -1 retries for ever. */
  readonly maxRetryCount: number;
  readonly delayInterval?: Duration;
  readonly minimumInterval?: Duration;
  readonly maximumInterval?: Duration;
}

/** What a trigger or binding was registered with; the other properties depend on its type. */
export interface Binding {
  readonly type: string;
  readonly direction: 'in' | 'out' | 'inout';
  readonly [property: string]: unknown;
}

export interface FunctionMetadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly retryOptions?: RetryOptions;
}

export interface NullableValue<T> {
  readonly value?: T | null;
}

export interface RpcCookie {
  readonly name: string;
  readonly value: string;
  readonly domain?: NullableValue<string>;
  readonly path?: NullableValue<string>;
  readonly expires?: NullableValue<{ readonly seconds: number }>;
  readonly secure?: NullableValue<boolean>;
  readonly httpOnly?: NullableValue<boolean>;
  readonly sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone';
  readonly maxAge?: NullableValue<number>;
}

export interface RpcHttpRequest {
  readonly method: string;
  readonly url: string;
  readonly nullableHeaders: Readonly<Record<string, NullableValue<string>>>;
  readonly nullableQuery: Readonly<Record<string, NullableValue<string>>>;
  readonly nullableParams: Readonly<Record<string, NullableValue<string>>>;
  readonly body?: { readonly bytes: Uint8Array };
}

export interface RpcHttpResponse {
  readonly statusCode?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly RpcCookie[];
  readonly body?: { readonly bytes?: Uint8Array } | null;
}

/** What a trigger hands to its function. */
export type TriggerData =
  | { readonly http: RpcHttpRequest }
  | { readonly json: string }
  | { readonly string: string }
  | { readonly bytes: Uint8Array };

export interface RetryContext {
  readonly retryCount: number;
  readonly maxRetryCount: number;
  readonly exception?: { readonly message: string; readonly stackTrace?: string };
}

export interface TraceContext {
  readonly traceParent: string;
  readonly traceState?: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface RpcInvocationRequest {
  readonly invocationId: string;
  readonly functionId: string;
  readonly inputData: readonly { readonly name: string; readonly data: TriggerData }[];
  readonly triggerMetadata: Readonly<Record<string, TriggerData>>;
  readonly traceContext: TraceContext;
  readonly retryContext?: RetryContext;
}

export interface InvocationResponse {
  readonly returnValue?: { readonly http?: RpcHttpResponse } | null;
}

export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly request: RpcInvocationRequest;
  readonly metadata: FunctionMetadata;
  state: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks' | undefined;
  log(level: LogLevel, category: LogCategory, message: string): void;
}

export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<InvocationResponse>;
}

export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel | Promise<InvocationModel>;
  getCapabilities?(worker: Record<string, string>): Promise<Record<string, string>>;
}
