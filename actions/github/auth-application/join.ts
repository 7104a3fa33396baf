process.argv[2] = "auth-application";
void import("../join.ts");
