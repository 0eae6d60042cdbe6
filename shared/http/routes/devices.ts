// Routes about one device.

import { WHAT_IT_GETS_QUERY } from '../queries.ts';
import { json, type Route } from '../route.ts';
import { text } from '../schema.ts';
import { REASON_BODY } from '../schemas/common.ts';
import { DEVICE_VIEW, WHAT_IT_GETS } from '../schemas/device.ts';
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

const LOOKED_AT = {
  group: 'Devices',
  methods: ['GET'],
  needs: 'read',
  parts: { id: OF_DEVICE.parts.id },
} as const;

export const DEVICE_ROUTES = {
  device: {
    ...LOOKED_AT,
    path: 'api/devices/{id}',
    summary: 'Shows a device: its standing by source, identities, sessions, decisions, jobs, and what to do.',
    sites: 'Sessions, decisions and jobs of that site alone; devices of its sources',
    answers: { 200: json('The device', DEVICE_VIEW) },
    refusals: { 400: ['NAC_DEVICE_UNKNOWN'], 409: ['NAC_DEVICE_AMBIGUOUS'] },
  },
  'what-it-gets': {
    ...LOOKED_AT,
    path: 'api/devices/{id}/what-it-gets',
    summary: 'Says what policy would answer the device at a site, by an SSID, a method or another identity.',
    sites: 'At that site alone',
    query: WHAT_IT_GETS_QUERY,
    answers: { 200: json('The answer and each rule', WHAT_IT_GETS) },
    refusals: {
      400: ['NAC_REQUEST_FIELD', 'NAC_DEVICE_UNKNOWN'],
      403: ['NAC_CLIENT_SITE'],
      409: ['NAC_DEVICE_AMBIGUOUS'],
    },
  },
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
