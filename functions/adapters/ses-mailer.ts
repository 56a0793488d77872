import { type SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import type { Mailer } from '../experiment-ports.ts';
import { storeFault } from './store-faults.ts';

/** E-mail through SES; off where no address to send from is given, as a deployment is unless it says otherwise. */
export function sesMailer(client: () => SESv2Client, from: string | undefined): Mailer {
  return {
    enabled: from !== undefined && from !== '',
    async send({ to, subject, text }) {
      if (!from) return;
      const input = {
        FromEmailAddress: from,
        Destination: { ToAddresses: [to] },
        Content: { Simple: { Subject: { Data: subject }, Body: { Text: { Data: text } } } },
      };
      await client()
        .send(new SendEmailCommand(input))
        .catch((error: unknown) => {
          throw storeFault(error, 'send an e-mail');
        });
    },
  };
}
