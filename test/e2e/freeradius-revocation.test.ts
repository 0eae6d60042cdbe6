// Revoked certificates at the shipped FreeRADIUS configuration: lists made by the test's CA, fetched by the shipped
// program and heeded by the real server.

import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestAuthority } from '../support/freeradius/certificates.ts';
import { authenticateWithCertificate } from '../support/freeradius/eapol-test.ts';
import { PERMIT } from '../support/freeradius/expected-replies.ts';
import type { LookupStub } from '../support/freeradius/lookup-stub.ts';
import { ocspResponder } from '../support/freeradius/ocsp-responder.ts';
import { FAIL_MODES, type SampleSite, startSampleSite } from '../support/freeradius/sample-site.ts';

let site: SampleSite;
let stub: LookupStub;

beforeAll(async () => {
  site = await startSampleSite([]);
  stub = site.stub;
});

afterAll(() => site?.stop());

beforeEach(() => {
  stub.reset();
  stub.answerWith(PERMIT);
});

const past = () => new Date(Date.now() - 60_000);

describe('a revocation list', () => {
  test('keeps out the certificates in it, unasked and in every mode, and no others', async () => {
    for (const failMode of FAIL_MODES) {
      stub.reset();
      stub.answerWith(PERMIT);
      await site.withServer({ failMode }, async (own) => {
        const issue = () => own.deviceAuthority.issueDeviceCertificate({ commonName: 'device' });
        const [revoked, other] = await Promise.all([issue(), issue()]);
        expect(await own.publishRevocationList({ revoked: [revoked.serial] })).toMatchObject({ exitCode: 0 });
        await own.restart();
        expect(await authenticateWithCertificate(own, { certificate: revoked }), failMode).toMatchObject({
          success: false,
          code: 'Access-Reject',
        });
        expect(stub.lookups, failMode).toHaveLength(0);
        expect(await authenticateWithCertificate(own, { certificate: other }), failMode).toMatchObject({
          success: true,
        });
      });
    }
  });

  test('whose time is over keeps all out, unless the site has chosen otherwise', async () => {
    for (const [choice, success] of [
      ['no', false],
      ['yes', true],
    ] as const) {
      await site.withServer({ env: { NAC_ALLOW_EXPIRED_CRL: choice } }, async (own) => {
        const issue = () => own.deviceAuthority.issueDeviceCertificate({ commonName: 'device' });
        const [revoked, other] = await Promise.all([issue(), issue()]);
        await own.publishRevocationList({ revoked: [revoked.serial], nextUpdate: past() });
        await own.restart();
        expect(await authenticateWithCertificate(own, { certificate: other }), choice).toMatchObject({ success });
        expect(await authenticateWithCertificate(own, { certificate: revoked }), choice).toMatchObject({
          success: false,
        });
      });
    }
  });

  test('that is missing keeps all out; without the check it is not looked for', async () => {
    for (const [check, success] of [
      ['yes', false],
      ['no', true],
    ] as const) {
      await site.withServer({ env: { NAC_CHECK_CRL: check } }, async (own) => {
        const lists = path.join(own.certificatesFolder, 'crl');
        for (const file of readdirSync(lists)) rmSync(path.join(lists, file));
        await own.restart();
        expect(await authenticateWithCertificate(own, { commonName: 'device' }), check).toMatchObject({ success });
      });
    }
  });
});

describe('a responder (OCSP)', () => {
  const env = { NAC_CHECK_CRL: 'no', NAC_OCSP: 'yes' };

  test('keeps out the certificates that it calls revoked, unasked in every mode, and no others', async () => {
    for (const failMode of FAIL_MODES) {
      stub.reset();
      stub.answerWith(PERMIT);
      await using responder = await ocspResponder();
      await site.withServer({ env, failMode }, async (own) => {
        const issue = () =>
          own.deviceAuthority.issueDeviceCertificate({ commonName: 'device', ocspUrl: responder.url });
        const [revoked, other, unknown] = await Promise.all([issue(), issue(), issue()]);
        await responder.start(own.deviceAuthority, [revoked.serial, other.serial], [revoked.serial]);
        for (const certificate of [revoked, unknown]) {
          expect(await authenticateWithCertificate(own, { certificate }), failMode).toMatchObject({
            success: false,
            code: 'Access-Reject',
          });
        }
        expect(stub.lookups, failMode).toHaveLength(0);
        expect(await authenticateWithCertificate(own, { certificate: other }), failMode).toMatchObject({
          success: true,
        });
      });
    }
  });

  test('that does not answer keeps all out, unless the site has chosen otherwise; a revoked one never gets in', async () => {
    for (const [softfail, success] of [
      ['no', false],
      ['yes', true],
    ] as const) {
      await using responder = await ocspResponder();
      await site.withServer({ env: { ...env, NAC_OCSP_SOFTFAIL: softfail } }, async (own) => {
        const issue = () =>
          own.deviceAuthority.issueDeviceCertificate({ commonName: 'device', ocspUrl: responder.url });
        const [revoked, other] = await Promise.all([issue(), issue()]);
        expect(await authenticateWithCertificate(own, { certificate: other }), softfail).toMatchObject({ success });
        await responder.start(own.deviceAuthority, [revoked.serial, other.serial], [revoked.serial]);
        expect(await authenticateWithCertificate(own, { certificate: other }), softfail).toMatchObject({
          success: true,
        });
        expect(await authenticateWithCertificate(own, { certificate: revoked }), softfail).toMatchObject({
          success: false,
        });
      });
    }
  });

  test('that the certificate does not name cannot be asked, so it is refused', async () => {
    await site.withServer({ env }, async (own) => {
      expect(await authenticateWithCertificate(own, { commonName: 'device' })).toMatchObject({ success: false });
    });
  });
});

describe('nac-fetch-crls', () => {
  test('keeps the list before when it meets one of another CA, or none', async () => {
    await site.withServer({}, async (own) => {
      const certificate = await own.deviceAuthority.issueDeviceCertificate({ commonName: 'device' });
      await own.publishRevocationList({ revoked: [certificate.serial] });
      // A CA of the same name, which would empty the list.
      const stranger = await createTestAuthority('Test Device Issuing CA');
      const forged = await own.fetchRevocationList(await stranger.issueRevocationList());
      expect(forged.exitCode).toBe(1);
      expect(forged.output).toContain('not signed by a CA of device-ca.pem');
      const page = await own.fetchRevocationList(Buffer.from('<html>Sign in</html>'));
      expect(page.exitCode).toBe(1);
      expect(page.output).toContain('no revocation list');
      await own.restart();
      expect(await authenticateWithCertificate(own, { certificate })).toMatchObject({ success: false });
    });
  });

  test('takes a list in PEM as well', async () => {
    await site.withServer({}, async (own) => {
      const certificate = await own.deviceAuthority.issueDeviceCertificate({ commonName: 'device' });
      const list = await own.deviceAuthority.issueRevocationList({ revoked: [certificate.serial] });
      const base64 = list.toString('base64').replaceAll(/.{64}/g, '$&\n');
      const pem = `-----BEGIN X509 CRL-----\n${base64}\n-----END X509 CRL-----\n`;
      expect(await own.fetchRevocationList(Buffer.from(pem))).toMatchObject({ exitCode: 0 });
      await own.restart();
      expect(await authenticateWithCertificate(own, { certificate })).toMatchObject({ success: false });
    });
  });
});
