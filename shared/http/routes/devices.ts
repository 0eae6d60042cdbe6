// Routes about one device.

import { json, type Route } from '../route.ts';
import { text } from '../schema.ts';
import { REASON_BODY } from '../schemas/common.ts';
import { ASKED_FOR_DEVICE, REFRESHED } from '../schemas/operations.ts';

const OF_DEVICE = {
  group: 'Devices',
  methods: ['POST'],
  needs: 'act',
  parts: { id: text('Intune or Entra device id, name or serial number; a MAC address belongs into no URL') },
  body: REASON_BODY,
  refusals: {
    400: ['NAC_REQUEST_NOT_JSON', 'NAC_REQUEST_FIELD', 'NAC_DEVICE_UNKNOWN'],
    409: ['NAC_DEVICE_AMBIGUOUS'],
    411: ['NAC_REQUEST_CHUNKED'],
  },
} as const;

export const DEVICE_ROUTES = {
  'refresh-device': {
    ...OF_DEVICE,
    path: 'api/devices/{id}/refresh',
    summary: 'Reads the device from its source, and no more.',
    answers: { 200: json('What the source says', REFRESHED) },
  },
  reauthenticate: {
    ...OF_DEVICE,
    path: 'api/devices/{id}/reauthenticate',
    needsServiceBus: true,
    summary: 'Reads the device, then has its stations authenticate again, whatever answer they have.',
    sites: 'Stations of that site alone',
    answers: { 202: json('What the source says, and the jobs', ASKED_FOR_DEVICE) },
  },
  disconnect: {
    ...OF_DEVICE,
    path: 'api/devices/{id}/disconnect',
    needsServiceBus: true,
    summary: 'Reads the device, then disconnects its stations, so that they come back and ask.',
    sites: 'Stations of that site alone',
    answers: { 202: json('What the source says, and the jobs', ASKED_FOR_DEVICE) },
  },
} as const satisfies Record<string, Route>;
