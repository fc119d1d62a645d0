### What a person sees in a login, in Korean. See en.ftl for what belongs here.

## Prompts

prompt-code = 일회용 코드
prompt-first-code = 현재 코드
prompt-next-code = 다음 코드
prompt-recovery-code = 복구 코드
prompt-enroll = 앱의 첫 번째 코드
prompt-appended = 비밀번호와 코드
prompt-appended-codes = 비밀번호와 코드 { $codes }개
prompt-appended-recovery-code = 비밀번호와 복구 코드

## A list that GDM shows

choose = 로그인 방법
choose-code = 앱의 코드
choose-recovery-code = 복구 코드

prompt-keep = 모두 적어 두었으면 Enter를 누르세요

## What went wrong

wrong-code = 일회용 코드가 틀렸습니다. ({ $left }회 남음)
used-code = 사용한 코드입니다. 새 코드를 기다리세요.
two-codes = 오류가 많아 연속 코드 2개가 필요합니다.
three-codes = 오류가 많아 연속 코드 3개가 필요합니다.
wrong-recovery-code = 복구 코드가 틀렸습니다. ({ $left }회 남음)
recovery-wait = 오류가 많습니다. { $wait } 뒤 시도하세요.
recovery-wait-unknown = 오류가 많습니다. 잠시 뒤 시도하세요.
unavailable = 코드 확인 불가. 관리자에게 문의하세요.
code-needed = 이 로그인에는 일회용 코드가 필요합니다.
enroll-elsewhere = 먼저 다른 곳에서 2차 인증을 등록하세요.
wrong-first-code = 코드가 키와 다릅니다. ({ $left }회 남음)

## What is good to know

type-recovery-code = 보관해 둔 복구 코드 중 하나를 입력하세요.
await-next-code = 앱에 다음 코드가 나올 때까지 기다리세요. (최대 30초)
recovery-code-used = 복구 코드를 사용했습니다. ({ $left }개 남음)
recovery-code-used-few = 복구 코드를 사용했습니다. ({ $left }개 남음) 재발급: countersignctl recovery-codes
few-recovery-codes = 복구 코드가 { $left }개 남았습니다. 재발급: countersignctl recovery-codes

## Setting up a second factor in a login

enroll = 여기에는 2차 인증이 필요합니다: 인증 앱의 일회용 코드.
add-key = 앱에 이 키를 추가하세요. (시간 기반)
open-address = 또는 앱이 있는 기기에서 이 주소를 여세요.
scan-picture = 또는 앱으로 이 QR 코드를 찍으세요.
keep-recovery-codes = 등록했습니다. 앱을 잃어버릴 때를 위해 이 복구 코드를 보관하세요.

## Spans of time

seconds = { $count }초
minutes = { $count }분
hours = { $count }시간
# "A good while": there is no room for the number.
many-hours = 한참
