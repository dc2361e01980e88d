"""Six loans of three borrowers by hand: a consumer with three, an owner with two that go bad, a consumer with one."""

from __future__ import annotations

from table_rules import read

LOANS = read(
    """\
loan_id,user_id,ordinal,requested_cny,amount_cny,apr,reason,borrowed_at,disbursed_at
11,1,1,1000,1000,0.24,consumption,2023-01-10,2023-01-10
12,1,2,900,600,0.18,debt_for_debt,2023-02-12,2023-02-12
13,1,3,400,400,0.24,emergency,2024-03-01,2024-03-01
21,2,1,2000,2000,0.20,working_capital,2023-01-23,2023-01-23
22,2,2,3000,1000,0.20,working_capital,2023-05-05,2023-05-05
31,3,1,500,500,0.24,debt_for_debt,2024-06-01,2024-06-01
""",
    "borrowed_at",
    "disbursed_at",
)
# 21 is lost on 2023-06-21, the ninetieth day of its second instalment; 22 is paid on the ninety-first.
INSTALMENTS = read(
    """\
loan_id,number,due_on,principal_cny,interest_cny,paid_on
11,1,2023-02-10,500,20,2023-02-10
11,2,2023-03-10,500,10,2023-03-15
12,1,2023-03-12,300,12,2023-03-12
12,2,2023-04-12,300,6,2023-04-10
13,1,2024-04-01,200,4,
13,2,2024-05-01,200,2,
21,1,2023-02-23,1000,30,2023-02-23
21,2,2023-03-23,1000,15,
22,1,2023-06-05,500,15,2023-06-05
22,2,2023-07-05,500,8,2023-10-04
31,1,2024-07-01,250,5,
31,2,2024-08-01,250,3,
""",
    "due_on",
    "paid_on",
)
