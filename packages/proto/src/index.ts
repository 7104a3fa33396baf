export * from "./gen/proto/auth_pb.ts";
export * from "./gen/teleport/machineid/v1/bot_instance_service_pb.ts";
export * from "./gen/teleport/transport/v1/transport_service_pb.ts";
export * from "./gen/teleport/trust/v1/trust_service_pb.ts";
export * from "./gen/types/types_pb.ts";
