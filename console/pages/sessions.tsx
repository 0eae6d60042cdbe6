// Sessions: what each station got, should have, and has been proven to have.

import { Page } from '../components/page.tsx';
import { TEXTS } from '../texts.ts';

export function SessionsPage() {
  return (
    <Page title={TEXTS.pages.sessions}>
      <p>{TEXTS.loading}</p>
    </Page>
  );
}
