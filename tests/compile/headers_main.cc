// Links two units that include every public header, beside one unit per header alone. Used by the
// test compile.headers: that it was built is what it proves.

int part_one();
int part_two();

int main() { return part_one() + part_two() - 2; }
