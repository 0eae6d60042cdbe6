// Device ids that Intune did not know a while ago, so that it need not be asked again at once.

export interface UnknownDevices {
  has(id: string, nowMs: number): boolean;
  add(id: string, nowMs: number): void;
}
