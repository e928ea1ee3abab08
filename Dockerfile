# One image for every process of the mesh: the orchestrator, unless the command names another main.ts.
FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev
COPY gen gen
COPY services services
USER node
ENV TROUPE_LISTEN=0.0.0.0:50051
EXPOSE 50051
CMD ["node", "--initial-heap-size=128", "--no-memory-reducer", "services/orchestrator/main.ts"]
