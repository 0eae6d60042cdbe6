// What an operator does with one device: have it read from its source, and then have its stations authenticate again,
// or off the network, by CoA.

import { connector } from './connector.ts';
import type { Answers } from './http-route.ts';

export const DEVICES: Answers<'device' | 'what-it-gets' | 'refresh-device' | 'reauthenticate' | 'disconnect'> = {
  async device({ params: { id = '' } }, credential) {
    return { jsonBody: await connector().device(credential, id) };
  },
  async 'what-it-gets'({ params: { id = '' }, query }, credential) {
    return { jsonBody: await connector().whatItGets(credential, id, query) };
  },
  async 'refresh-device'({ params: { id = '' } }, credential, body) {
    return { jsonBody: await connector().refreshDevice(credential, id, body) };
  },
  async reauthenticate({ params: { id = '' } }, credential, body) {
    return { status: 202, jsonBody: await connector().reauthenticate(credential, id, body) };
  },
  async disconnect({ params: { id = '' } }, credential, body) {
    return { status: 202, jsonBody: await connector().disconnect(credential, id, body) };
  },
};
