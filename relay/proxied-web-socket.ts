// A WebSocket constructor as the Service Bus SDK wants one, through an HTTP proxy if there is one.

import { ProxyAgent, WebSocket } from 'undici';

export function proxiedWebSocket(proxy: string | undefined) {
  const dispatcher = proxy === undefined ? undefined : new ProxyAgent({ uri: proxy, proxyTunnel: true });
  return class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, {
        ...(protocols === undefined ? {} : { protocols }),
        ...(dispatcher === undefined ? {} : { dispatcher }),
      });
    }
  };
}
