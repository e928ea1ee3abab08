import type { DescMessage, DescMethod } from '@bufbuild/protobuf';
import { AgentCardSchema } from '../../../gen/troupe/v1/agent_card_pb.js';
import { AgentMessageSchema } from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentService } from '../../../gen/troupe/v1/agent_service_pb.js';
import { breach } from '../breach.ts';
import type { Check } from '../check.ts';
import { describeSymbol, listServices } from '../reflection-client.ts';
import type { Visit } from '../visit.ts';

/** Server reflection, where the agent serves it: what grpcurl and its like live on. */
export const reflectionChecks: readonly Check[] = [
  {
    id: 'reflection.services',
    rule: `Reflection lists ${AgentService.typeName}.`,
    needs: ['reflection'],
    async run({ channel, survey, deadline }) {
      const services = await listServices(channel, survey.reflection!, deadline);
      if (!services.includes(AgentService.typeName)) throw breach(services.join(', ') || 'no service');
      return `${survey.reflection}: ${services.join(', ')}`;
    },
  },
  {
    id: 'reflection.service',
    rule: `Reflection describes ${AgentService.typeName} as the contract does, with all that it imports.`,
    needs: ['reflection'],
    async run(visit) {
      const service = (await contractOf(visit)).getService(AgentService.typeName);
      if (!service) throw breach(`the files that came do not hold ${AgentService.typeName}`);
      for (const wanted of AgentService.methods) {
        const method = service.methods.find(({ name }) => name === wanted.name);
        const came = method ? signature(method) : 'nothing';
        if (came !== signature(wanted)) throw breach(`for ${signature(wanted)} it has ${came}`);
      }
      return service.methods.map(({ name }) => name).join(', ');
    },
  },
  {
    id: 'reflection.messages',
    rule: 'Reflection describes AgentMessage and AgentCard with the fields of the contract.',
    needs: ['reflection'],
    async run(visit) {
      const contract = await contractOf(visit);
      for (const wanted of [AgentMessageSchema, AgentCardSchema]) {
        const message = contract.getMessage(wanted.typeName);
        if (!message) throw breach(`the files that came do not hold ${wanted.typeName}`);
        const lacks = fieldsOf(wanted).filter((field) => !fieldsOf(message).includes(field));
        if (lacks.length > 0) throw breach(`${wanted.typeName} lacks ${lacks.join(', ')}`);
      }
      return 'every field, by its name and number';
    },
  },
];

function contractOf({ channel, survey, deadline }: Visit) {
  return describeSymbol(channel, survey.reflection!, AgentService.typeName, deadline);
}

function signature({ name, methodKind, input, output }: DescMethod): string {
  return `${methodKind} ${name}(${input.typeName}) ${output.typeName}`;
}

function fieldsOf(message: DescMessage): string[] {
  return message.fields.map(({ name, number }) => `${name} = ${number}`);
}
