// Which source is meant where a certificate, or a VPN client, names a device id and no MDM.

/** Its name is the first part of those devices' keys; ids with its own prefix stand before Entra's id, too. */
export const CERTIFICATE_SOURCE = 'intune';
