// Jobs: by stage and cause.

import { Page } from '../components/page.tsx';
import { TEXTS } from '../texts.ts';

export function JobsPage() {
  return (
    <Page title={TEXTS.pages.jobs}>
      <p>{TEXTS.loading}</p>
    </Page>
  );
}
