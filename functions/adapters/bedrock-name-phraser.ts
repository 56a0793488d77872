import type { NamePhraser } from '../ports.ts';
import { clientSettings } from './client-settings.ts';

/** A name in JSON is shorter by far. */
const MOST_TOKENS = 200;

/**
 * Names by a model of Amazon Bedrock (Converse API); off where no model is given, as a deployment is unless it says
 * otherwise. The SDK is loaded with the first name.
 */
export function bedrockNamePhraser(modelId = ''): NamePhraser {
  return {
    enabled: modelId !== '',
    modelId,
    async complete({ system, text }, signal) {
      const { BedrockRuntimeClient, ConverseCommand } = await import('@aws-sdk/client-bedrock-runtime');
      const client = new BedrockRuntimeClient({ ...clientSettings, maxAttempts: 2 });
      const command = new ConverseCommand({
        modelId,
        system: [{ text: system }],
        messages: [{ role: 'user', content: [{ text }] }],
        inferenceConfig: { maxTokens: MOST_TOKENS, temperature: 0 },
      });
      const { output } = await client.send(command, { abortSignal: signal });
      return (output?.message?.content ?? []).map((block) => block.text ?? '').join('');
    },
  };
}
