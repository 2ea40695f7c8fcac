# Keeps 1.4, 2.3 and 7.8 rows a user of music, books and films, as many as the published Amazon tables have:
#   awk -f thin.awk DIR/train.csv DIR/val.csv DIR/test.csv > data/thinned.csv
# where DIR holds the Douban files of domain,user,item,label. The first reading counts, the second draws.
BEGIN {
  FS = ","
  srand(1)
  split("1.4 2.3 7.8", wanted, " ")
  for (n = ARGC; n > 1; n--) ARGV[n + ARGC - 2] = ARGV[n - 1]
  files = ARGC - 1
  ARGC = 2 * files + 1
}
FNR == 1 { read++; if (read == 1) print; next }
read <= files {
  rows[$1]++
  if (!seen[$2]++) users++
  next
}
rand() < wanted[$1 + 1] * users / rows[$1]
