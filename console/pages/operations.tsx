// Operations: polls, sources, doctor, overrides, audit, clients.

import { Page } from '../components/page.tsx';
import { TEXTS } from '../texts.ts';

export function OperationsPage() {
  return (
    <Page title={TEXTS.pages.operations}>
      <p>{TEXTS.loading}</p>
    </Page>
  );
}
