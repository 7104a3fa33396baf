process.argv[2] = "database";
void import("../join.ts");
