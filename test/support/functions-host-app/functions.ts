// A small Functions app that shows what arrives at its handlers; the functions host's tests build and run it.
import { app, type HttpRequest, type InvocationContext, type Timer } from '@azure/functions';

app.hook.appStart(() => console.log('hook appStart'));
app.hook.appTerminate(() => console.log('hook appTerminate'));
app.hook.preInvocation((hook) => {
  if (hook.invocationContext.functionName !== 'hooked') return;
  console.log('hook pre 1');
  hook.hookData['order'] = ['pre 1'];
});
app.hook.preInvocation((hook) => {
  if (hook.invocationContext.functionName !== 'hooked') return;
  (hook.hookData['order'] as string[]).push('pre 2');
  const handler = hook.functionHandler;
  hook.functionHandler = (...inputs) => {
    (hook.hookData['order'] as string[]).push('handler');
    return handler(...inputs);
  };
});
app.hook.postInvocation((hook) => {
  if (hook.invocationContext.functionName !== 'hooked') return;
  hook.result = { jsonBody: [...(hook.hookData['order'] as string[]), 'post'] };
});
app.hook.log((entry) => {
  entry.message = entry.message.replace('secret', '***');
});

app.http('echo', {
  methods: ['GET', 'POST', 'PUT'],
  route: 'echo/{id}/{tail?}',
  handler: async (request: HttpRequest, context: InvocationContext) => ({
    jsonBody: {
      method: request.method,
      url: request.url,
      params: request.params,
      query: [...request.query.entries()],
      header: request.headers.get('x-test'),
      body: await request.text(),
      functionName: context.functionName,
      traceParent: context.traceContext?.traceParent,
    },
  }),
});

app.http('bytes', {
  methods: ['POST'],
  handler: async (request: HttpRequest) => ({
    status: 201,
    headers: { 'content-type': 'application/octet-stream', 'x-answer': 'yes' },
    body: new Uint8Array(await request.arrayBuffer()).reverse(),
  }),
});

app.http('cookies', {
  handler: async () => ({
    body: 'set',
    cookies: [
      { name: 'plain', value: 'a b' },
      {
        name: 'full',
        value: 'v',
        domain: 'example.org',
        path: '/p',
        expires: new Date('2030-01-02T03:04:05Z'),
        maxAge: 60,
        secure: true,
        httpOnly: true,
        sameSite: 'Strict' as const,
      },
    ],
  }),
});

app.http('nothing', { handler: async () => undefined as never });
app.http('text', { handler: async () => 'a string is no response' as never });
app.http('fails', {
  handler: async () => {
    throw new Error('the handler failed on purpose', { cause: new Error('the inner reason') });
  },
});
app.http('hooked', { handler: async () => ({ body: 'replaced by the hook' }) });
app.http('logs', {
  handler: async (_request: HttpRequest, context: InvocationContext) => {
    context.log('a secret of %s', 'mine');
    context.debug('too detailed');
    console.log('straight to stdout');
    console.error('straight to stderr');
    return { body: 'logged' };
  },
});

for (const [name, route] of [
  ['literal', 'order/first'],
  ['number', 'order/{n:int}'],
  ['guid', 'order/{g:guid}'],
  ['text-parameter', 'order/{t}'],
  ['rest', 'order/{*rest}'],
  ['home', '/'],
] as const) {
  app.http(name, {
    methods: ['GET'],
    route,
    handler: async (request: HttpRequest) => ({ jsonBody: { name, params: request.params } }),
  });
}

app.http('slow', {
  handler: async () => {
    console.log('slow began');
    await new Promise((resolve) => setTimeout(resolve, 500));
    return { body: 'slow but done' };
  },
});

app.timer('every-second', {
  schedule: '* * * * * *',
  handler: (timer: Timer, context: InvocationContext) => {
    console.log(`tick ${JSON.stringify({ timer, name: context.functionName })}`);
  },
});

app.timer('at-start', {
  schedule: '%NIGHTLY%',
  runOnStartup: true,
  handler: (timer: Timer) => {
    console.log(`started ${JSON.stringify(timer)}`);
  },
});

app.timer('unlucky', {
  schedule: '0 0 3 * * *',
  runOnStartup: true,
  retry: { strategy: 'fixedDelay', maxRetryCount: 2, delayInterval: 0 },
  handler: (_timer: Timer, context: InvocationContext) => {
    console.log(`attempt ${JSON.stringify(context.retryContext ?? null)}`);
    throw new Error('bad luck');
  },
});
