// The form of Intune's device ids.

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Lower case, with hyphens, as it stands in device keys (Microsoft Graph, managedDevice: `id`). */
export function isIntuneDeviceId(text: string): boolean {
  return GUID.test(text);
}
