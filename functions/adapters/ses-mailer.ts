import type { Mailer } from '../experiment-ports.ts';
import { clientSettings } from './client-settings.ts';
import { storeFault } from './store-faults.ts';

/**
 * E-mail through SES; off where no address to send from is given, as a deployment is unless it says otherwise. The SDK is
 * loaded with the first e-mail.
 */
export function sesMailer(from: string | undefined): Mailer {
  return {
    enabled: from !== undefined && from !== '',
    async send({ to, subject, text }) {
      if (!from) return;
      const { SESv2Client, SendEmailCommand } = await import('@aws-sdk/client-sesv2');
      const email = new SendEmailCommand({
        FromEmailAddress: from,
        Destination: { ToAddresses: [to] },
        Content: { Simple: { Subject: { Data: subject }, Body: { Text: { Data: text } } } },
      });
      await new SESv2Client(clientSettings).send(email).catch((error: unknown) => {
        throw storeFault(error, 'send an e-mail');
      });
    },
  };
}
